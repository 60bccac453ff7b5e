// What can be told of something that was caught. Read by its members and not by `instanceof Error`: what Node itself throws is, in
// a vm context such as jest's, an Error of another realm.

/** The name of the error, such as "TimeoutError"; empty when it has none. */
export function nameOf(thrown: unknown): string {
  return memberOf(thrown, 'name')
}

export function messageOf(thrown: unknown): string {
  return memberOf(thrown, 'message')
}

/** The code of an error of the system, such as "ENOENT"; empty when it has none. */
export function codeOf(thrown: unknown): string {
  return memberOf(thrown, 'code')
}

function memberOf(thrown: unknown, key: 'name' | 'message' | 'code'): string {
  const value: unknown = typeof thrown === 'object' && thrown !== null && key in thrown ? Reflect.get(thrown, key) : undefined
  return typeof value === 'string' ? value : ''
}

const OUT_OF_DESCRIPTORS = ['EMFILE', 'ENFILE']

/** Whether the system refused a file or a connection because this process, or all together, have too many open. Looks at causes too. */
export function isOutOfDescriptors(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  if (OUT_OF_DESCRIPTORS.includes(codeOf(thrown))) return true
  // Node's SystemError has the system's code one level deeper.
  if ('info' in thrown && OUT_OF_DESCRIPTORS.includes(codeOf(thrown.info))) return true
  return 'cause' in thrown && isOutOfDescriptors(thrown.cause)
}
