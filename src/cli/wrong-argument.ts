/** An argument that cannot be taken; its message is one sentence that says which, what was given and what is allowed. */
export class WrongArgument extends Error {
  override readonly name = 'WrongArgument'
}
