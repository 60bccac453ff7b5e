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
