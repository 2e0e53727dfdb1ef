import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Waits for time-outs of the server: a pin is given up after 6 s, an acknowledgement after 5 s.
    testTimeout: 60_000,
    // With an empty cache the first start builds nats-server.
    hookTimeout: 600_000,
  },
})
