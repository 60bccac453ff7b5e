/** Whether an error of Node's carries this code. By its shape: an error may come from another realm, and then `instanceof` fails. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}
