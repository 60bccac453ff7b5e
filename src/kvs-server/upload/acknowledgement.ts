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

/** The fragment of an acknowledgement. Its timecode is that of the Cluster, absolute or relative. */
export interface AcknowledgedFragment {
  readonly timecode: number | null
  readonly fragmentNumber: string
}

/**
 * One line of PutMedia's answer, in the form that the parsers of producers read: flat, with the number as a string (unlike the API page).
 * Unset members are omitted: those parsers do not expect null.
 */
export interface Acknowledgement {
  readonly EventType: 'BUFFERING' | 'RECEIVED' | 'PERSISTED' | 'IDLE' | 'ERROR'
  readonly FragmentTimecode?: number
  readonly FragmentNumber?: string
  readonly ErrorId?: number
  readonly ErrorCode?: UploadErrorCode
}

export function toAcknowledgement(event: 'BUFFERING' | 'RECEIVED' | 'PERSISTED', fragment: AcknowledgedFragment): Acknowledgement {
  return { EventType: event, ...toFragmentMembers(fragment) }
}

export const IDLE: Acknowledgement = { EventType: 'IDLE' }

export function toErrorAcknowledgement(code: UploadErrorCode, fragment: AcknowledgedFragment | null): Acknowledgement {
  return {
    EventType: 'ERROR',
    ...(fragment && toFragmentMembers(fragment)),
    ErrorId: UPLOAD_ERROR_IDS[code],
    ErrorCode: code,
  }
}

function toFragmentMembers({ timecode, fragmentNumber }: AcknowledgedFragment): Partial<Acknowledgement> {
  return { ...(timecode === null ? {} : { FragmentTimecode: timecode }), FragmentNumber: fragmentNumber }
}

/** Ends an upload with an ERROR acknowledgement: the status of the response was sent long ago. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /** The fragment at fault, if it is not the one being received. */
  fragment: AcknowledgedFragment | null = null

  constructor(
    readonly code: UploadErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  /** Sets the fragment at fault, unless it is already set. */
  about(fragment: AcknowledgedFragment): this {
    this.fragment ??= fragment
    return this
  }
}
