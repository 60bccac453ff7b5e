import type { Clip, ClipFailureCode } from '../../domain/clip.js'
import { enumType } from '../enum-type.js'

export const ClipStateEnum = enumType<Clip['state']>('ClipState', 'The state of a clip.', {
  IDLE: 'Neither stored nor being fetched. Opening downloadUrl, subscribing to clipProgress or repeating requestClip starts the fetch.',
  FETCHING: 'Bytes are arriving from Kinesis Video. The URL already works.',
  READY: 'The clip is complete.',
  FAILED: 'The clip could not be made. failure gives the reason.',
})

export const ClipFormEnum = enumType<Clip['form']>('ClipForm', 'Whether the MP4 was rebuilt or passed through.', {
  REBUILT: 'Laid out anew: moov first, wall-clock times, the same bytes everywhere.',
  PASSTHROUGH: 'As Kinesis Video wrote it, because it holds something that is not understood, or because it is not rebuilt yet.',
})

export const ClipFailureCodeEnum = enumType<ClipFailureCode>('ClipFailureCode', 'Why a clip could not be made.', {
  FOOTAGE_EXPIRED: 'The footage expired before it was fetched.',
  FOOTAGE_CHANGED: 'The archived footage no longer matches the footage of the request.',
  CODEC_CHANGES: 'The codec configuration changes inside the range. ranges lists the parts that you can request.',
  KVS_THROTTLED: 'Kinesis Video throttled the gateway for longer than it can wait.',
  KVS_UNAVAILABLE: 'Kinesis Video was unreachable, or ended a response early.',
  KVS_ACCESS_DENIED: 'Kinesis Video denies the gateway access to this stream.',
  STORE_FULL: 'The clip store has no space for the clip.',
  INTERNAL: 'An internal error of the gateway. See its log.',
})
