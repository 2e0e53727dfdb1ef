/** The rules for names of k8s.io/apimachinery/pkg/util/validation; each answers what is wrong, empty where nothing is. */
const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_1123_SUBDOMAIN = `${DNS_LABEL}(\\.${DNS_LABEL})*`
const DNS_1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = new RegExp(`^${DNS_1123_SUBDOMAIN}$`)
const LABEL_1035 = new RegExp(`^${DNS_1035_LABEL}$`)
const LABEL_1123 = new RegExp(`^${DNS_LABEL}$`)

export function dns1123Subdomain(text: string): string[] {
  return [
    ...(text.length > 253 ? ['must be no more than 253 bytes'] : []),
    ...(SUBDOMAIN.test(text)
      ? []
      : [
          `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${DNS_1123_SUBDOMAIN}')`,
        ]),
  ]
}

export function dns1123Label(text: string): string[] {
  return [
    ...(text.length > 63 ? ['must be no more than 63 bytes'] : []),
    ...(LABEL_1123.test(text)
      ? []
      : SUBDOMAIN.test(text)
        ? ['must not contain dots']
        : [
            `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${DNS_LABEL}')`,
          ]),
  ]
}

export function dns1035Label(text: string): string[] {
  return [
    ...(text.length > 63 ? ['must be no more than 63 bytes'] : []),
    ...(LABEL_1035.test(text)
      ? []
      : [
          `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS_1035_LABEL}')`,
        ]),
  ]
}
