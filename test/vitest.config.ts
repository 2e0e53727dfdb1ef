import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Real servers on a busy machine.
    testTimeout: 900_000,
    // With an empty cache the first start builds its binaries: kube-apiserver alone takes minutes.
    hookTimeout: 1_800_000,
  },
})
