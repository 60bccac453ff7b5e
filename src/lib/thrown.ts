// Facts about a caught value. They are read from its members and not with `instanceof Error`, because in a vm context, such as Jest's, the
// errors of Node itself belong to another realm.

/** The name of the error, such as "TimeoutError"; empty if it has none. */
export function nameOf(thrown: unknown): string {
  return memberOf(thrown, 'name')
}

export function messageOf(thrown: unknown): string {
  return memberOf(thrown, 'message')
}

/** The code of a system error, such as "ENOENT"; empty if it has none. */
export function codeOf(thrown: unknown): string {
  return memberOf(thrown, 'code')
}

function memberOf(thrown: unknown, key: 'name' | 'message' | 'code'): string {
  const value: unknown = typeof thrown === 'object' && thrown !== null && key in thrown ? Reflect.get(thrown, key) : undefined
  return typeof value === 'string' ? value : ''
}

const OUT_OF_DESCRIPTORS = ['EMFILE', 'ENFILE']

/** Whether a file or a connection was refused because this process, or the system, has too many open. Examines causes too. */
export function isOutOfDescriptors(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  if (OUT_OF_DESCRIPTORS.includes(codeOf(thrown))) return true
  // Node's SystemError has the code one level deeper.
  if ('info' in thrown && OUT_OF_DESCRIPTORS.includes(codeOf(thrown.info))) return true
  return 'cause' in thrown && isOutOfDescriptors(thrown.cause)
}
