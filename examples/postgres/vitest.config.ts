import { defineConfig } from 'vitest/config'

// Control planes start, and controllers answer when they do.
export default defineConfig({ test: { testTimeout: 120_000, hookTimeout: 120_000 } })
