import { defineConfig } from 'vitest/config'

// Some tests start a process of their own, which takes seconds on a busy machine.
export default defineConfig({ test: { testTimeout: 60_000 } })
