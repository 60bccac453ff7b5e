import { UPLOAD_ERROR_IDS, type UploadErrorCode } from './upload-error.js'

/** The fragment that an acknowledgement is about; its timecode is the Cluster's own, whatever clock that is of. */
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
    ...(fragment === null ? {} : toFragmentMembers(fragment)),
    ErrorId: UPLOAD_ERROR_IDS[code],
    ErrorCode: code,
  }
}

function toFragmentMembers({ timecode, fragmentNumber }: AcknowledgedFragment): Partial<Acknowledgement> {
  return { ...(timecode === null ? {} : { FragmentTimecode: timecode }), FragmentNumber: fragmentNumber }
}
