/** The one error of `media/`: the bytes are not what their format says. `offset` counts from the first byte that was given to the reader. */
export class MalformedMedia extends Error {
  override readonly name = 'MalformedMedia'

  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(`${message} (at byte ${offset})`)
  }
}
