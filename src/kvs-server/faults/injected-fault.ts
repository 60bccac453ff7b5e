/** An error that a fault rule asked for: it may have any name and status, as AWS's own less common ones do. */
export class InjectedFault extends Error {
  constructor(
    override readonly name: string,
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}
