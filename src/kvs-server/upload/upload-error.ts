import type { AcknowledgedFragment, UploadErrorCode } from './acknowledgement.js'

/** Ends an upload: the producer is told by an ERROR acknowledgement, for the answer's status was sent long ago. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /** The fragment at fault, where it is not the one being received. */
  fragment: AcknowledgedFragment | null = null

  constructor(
    readonly code: UploadErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  /** Says which fragment it is about; who said so first is right. */
  about(fragment: AcknowledgedFragment): this {
    this.fragment ??= fragment
    return this
  }
}
