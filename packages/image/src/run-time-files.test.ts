import { describe, expect, test } from 'vitest'
import { redirectFiles } from './run-time-files.ts'

const redirect = (code: string) => redirectFiles(code, '/checkout/packages/x/src/deep/a.ts', '/checkout')

describe('files that a program reads at run time', () => {
  test('are found below the bundle, under their path in the checkout', () => {
    const { code, files } = redirect("const FILE = new URL('../../data/table.json', import.meta.url)")
    expect(code).toBe("const FILE = new URL('./files/packages/x/data/table.json', import.meta.url)")
    expect(files).toEqual(['packages/x/data/table.json'])
  })

  test('may be a whole folder', () => {
    const { code, files } = redirect("const FOLDER = new URL('../../../../crds/', import.meta.url)")
    expect(code).toBe("const FOLDER = new URL('./files/crds/', import.meta.url)")
    expect(files).toEqual(['crds'])
  })

  test.each([
    "const HERE = join(import.meta.dirname, '../crds')",
    'const FILE = new URL(name, import.meta.url)',
    "const FILE = new URL('a.json', import.meta.url), more = import.meta.filename",
  ])('are refused where a bundle could not find them: %s', (code) => {
    expect(() => redirect(code)).toThrow(/packages\/x\/src\/deep\/a\.ts uses import\.meta\.\w+: a program of the image/)
  })

  test('are none where only the main module is asked for', () => {
    expect(redirect('if (import.meta.main) main()').files).toEqual([])
  })
})
