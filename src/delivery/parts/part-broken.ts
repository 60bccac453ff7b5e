export type PartBreakage =
  /** Fewer or more bytes arrived than the headers announced. */
  | 'WRONG_LENGTH'
  /** More bytes arrived than a part may have. */
  | 'TOO_LARGE'
  /** No byte arrived for too long. */
  | 'STALLED'
  /** The stored bytes are not those that were written, and the source now gives others. */
  | 'DAMAGED'
  /** The disk failed to read a stored part. A later read may succeed. */
  | 'UNREADABLE'
  | 'CLOSED'

/** The store cannot take a part, because every stored part is in use or the disk is full. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull'
}

export class PartBroken extends Error {
  override readonly name = 'PartBroken'

  constructor(
    readonly breakage: PartBreakage,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
