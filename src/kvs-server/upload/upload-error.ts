import type { AcknowledgedFragment } from './acknowledgement.js'

/** Ids of ERROR acknowledgements, by the code that producers' libraries know them by. */
export const UPLOAD_ERROR_IDS = {
  STREAM_READ_ERROR: 4000,
  MAX_FRAGMENT_SIZE_REACHED: 4001,
  MAX_FRAGMENT_DURATION_REACHED: 4002,
  MAX_CONNECTION_DURATION_REACHED: 4003,
  FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS: 4004,
  INVALID_MKV_DATA: 4006,
  INVALID_PRODUCER_TIMESTAMP: 4007,
  STREAM_NOT_ACTIVE: 4008,
  FRAGMENT_METADATA_LIMIT_REACHED: 4009,
  TRACK_NUMBER_MISMATCH: 4010,
  FRAMES_MISSING_FOR_TRACK: 4011,
  MORE_THAN_ALLOWED_TRACKS_FOUND: 4012,
  INTERNAL_ERROR: 5000,
  ARCHIVAL_ERROR: 5001,
} as const

export type UploadErrorCode = keyof typeof UPLOAD_ERROR_IDS

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
