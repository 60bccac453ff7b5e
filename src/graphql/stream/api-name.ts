import type { ApiName } from '../../kvs/ports.js'
import { enumType } from '../enum-type.js'

export const ApiNameEnum = enumType<ApiName>(
  'ApiName',
  'The APIs of Kinesis Video that are called at an endpoint of the stream (APIName of GetDataEndpoint).',
  {
    PUT_MEDIA: 'PutMedia: sending footage.',
    GET_MEDIA: 'GetMedia: following a stream as Matroska.',
    LIST_FRAGMENTS: 'ListFragments: what is archived.',
    GET_MEDIA_FOR_FRAGMENT_LIST: 'GetMediaForFragmentList: the Matroska of given fragments.',
    GET_HLS_STREAMING_SESSION_URL: 'GetHLSStreamingSessionURL: playing by HLS.',
    GET_DASH_STREAMING_SESSION_URL: 'GetDASHStreamingSessionURL: playing by MPEG-DASH.',
    GET_CLIP: 'GetClip: an MP4 of archived footage.',
    GET_IMAGES: 'GetImages: still pictures.',
  },
)
