package main

import "k8s.io/apimachinery/pkg/api/resource"

// quantity is a text and how Kubernetes writes it, or why it takes none such.
type quantity struct {
	Text      string `json:"text"`
	Canonical string `json:"canonical,omitempty"`
	Error     string `json:"error,omitempty"`
}

func quantities() []quantity {
	texts := []string{
		"0", "-0", "+0", "00", "0.0", "1", "+1", "-1", "01", "1.", ".5", "-.5", "1.5", "1.50", "0.001", "0.0001", "1500m", "-1500m",
		"1000m", "1000", "1024", "1000000", "1234567", "100k", "0.1k", "1k", "1M", "1.5M", "1G", "1T", "1P", "1E", "9E", "10E", "100E",
		"1n", "0.1n", "1500n", "1u", "1e3", "1E3", "1e-3", "1.5e3", "12e6", "1e0", "1e1", "1e2", "1e4", "-1e9", "1e19", "1e+3",
		"1Ki", "1.5Ki", "1023Ki", "1024Ki", "0.5Gi", "0.5Ki", "0.1Ki", "1Mi", "1048576Ki", "3Gi", "1Ti", "1Pi", "1Ei", "8Ei", "-1Gi",
		"1000Ki", "0.0001Ki", "2048", "2Gi", "1.1Gi", "9223372036854775807", "9223372036854775808", "123456789012345678901234567890",
		"", "a", "1 ", " 1", "1q", "1Q", "1ki", "1KI", "1mi", "1.2.3", "--1", "1-", "e3", "1e", "1e3.5", ".", "+", "-", "1i", "1Kii", "1 Ki",
		"0x10", "1_000", "1,5", "\u0661",
	}
	result := make([]quantity, 0, len(texts))
	for _, text := range texts {
		parsed, err := resource.ParseQuantity(text)
		if err != nil {
			result = append(result, quantity{Text: text, Error: err.Error()})
			continue
		}
		// The text that was parsed is kept until something is written anew.
		canonical := resource.Quantity{Format: parsed.Format}
		canonical.Add(parsed)
		canonical.Format = parsed.Format
		result = append(result, quantity{Text: text, Canonical: canonical.String()})
	}
	return result
}
