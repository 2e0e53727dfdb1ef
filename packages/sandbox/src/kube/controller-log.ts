/** What controllers write their troubles to. */
export type ControllerLog = {
  warn: (fields: object, message: string) => void
}
