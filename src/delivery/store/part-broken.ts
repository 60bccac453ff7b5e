/** Why bytes are not the part that was asked for. */
export type PartBreakage =
  /** Fewer or more bytes came than the headers had said. */
  | 'WRONG_LENGTH'
  /** More bytes came than a part may have. */
  | 'TOO_LARGE'
  /** No byte came for too long. */
  | 'STALLED'
  /** What is on the disk is not what was written, and fetching it again gave other bytes. */
  | 'DAMAGED'
  /** The disk failed to give what is stored; it may give it another time. */
  | 'UNREADABLE'
  /** The store was closed. */
  | 'CLOSED'

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
