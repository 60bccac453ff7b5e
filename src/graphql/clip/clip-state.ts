import type { Clip, ClipFailureCode } from '../../domain/clip.js'
import { enumType } from '../enum-type.js'

export const ClipStateEnum = enumType<Clip['state']>('ClipState', 'How far a clip is.', {
  IDLE: 'Neither stored nor being fetched. Opening downloadUrl, subscribing to clipProgress or repeating requestClip starts the fetch.',
  FETCHING: 'Its bytes are still coming from Kinesis Video. The URL opens already and gives what has come.',
  READY: 'Every byte is there.',
  FAILED: 'It could not be made; failure says why.',
})

export const ClipFormEnum = enumType<Clip['form']>('ClipForm', 'Who laid out the MP4.', {
  REBUILT: 'Laid out anew: moov first, wall-clock times, the same bytes everywhere.',
  PASSTHROUGH: 'As Kinesis Video wrote it, because it holds something that is not understood, or because it is not rebuilt yet.',
})

export const ClipFailureCodeEnum = enumType<ClipFailureCode>('ClipFailureCode', 'Why a clip could not be made.', {
  FOOTAGE_EXPIRED: 'The footage left retention before it was fetched.',
  FOOTAGE_CHANGED: 'What is archived now is not what the clip was promised from.',
  CODEC_CHANGES: 'The codec configuration changes inside the range; ranges gives stretches that can be had.',
  KVS_THROTTLED: 'Kinesis Video refused because of its quotas, for longer than the gateway may wait.',
  KVS_UNAVAILABLE: 'Kinesis Video could not be reached, or broke off.',
  KVS_ACCESS_DENIED: 'Kinesis Video does not let the gateway read this stream.',
  STORE_FULL: 'The gateway has no room for the clip.',
  INTERNAL: 'The fault is the gateway’s; its log says more.',
})
