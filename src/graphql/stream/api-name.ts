import type { ApiName } from '../../kvs/ports.js'
import { enumType } from '../enum-type.js'

export const ApiNameEnum = enumType<ApiName>(
  'ApiName',
  'The Kinesis Video APIs that use a data endpoint of the stream (APIName of GetDataEndpoint).',
  {
    PUT_MEDIA: 'PutMedia: uploads footage.',
    GET_MEDIA: 'GetMedia: follows a stream as Matroska.',
    LIST_FRAGMENTS: 'ListFragments: lists archived fragments.',
    GET_MEDIA_FOR_FRAGMENT_LIST: 'GetMediaForFragmentList: returns the Matroska of given fragments.',
    GET_HLS_STREAMING_SESSION_URL: 'GetHLSStreamingSessionURL: plays footage with HLS.',
    GET_DASH_STREAMING_SESSION_URL: 'GetDASHStreamingSessionURL: plays footage with MPEG-DASH.',
    GET_CLIP: 'GetClip: returns archived footage as MP4.',
    GET_IMAGES: 'GetImages: returns still images.',
  },
)
