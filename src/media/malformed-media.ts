/** The error class of `media/`: bytes do not conform to their format. `offset` counts from the first byte that the reader received. */
export class MalformedMedia extends Error {
  override readonly name = 'MalformedMedia'

  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(`${message} (at byte ${offset})`)
  }
}
