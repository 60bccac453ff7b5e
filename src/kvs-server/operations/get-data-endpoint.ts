import { parseEnum } from '../wire/wire-input.js'
import { streamOperation } from './stream-operation.js'

const API_NAMES = [
  'PUT_MEDIA',
  'GET_MEDIA',
  'LIST_FRAGMENTS',
  'GET_MEDIA_FOR_FRAGMENT_LIST',
  'GET_HLS_STREAMING_SESSION_URL',
  'GET_DASH_STREAMING_SESSION_URL',
  'GET_CLIP',
  'GET_IMAGES',
] as const

/** One origin serves everything, so the endpoint is the same for every APIName. */
export const getDataEndpoint = streamOperation({
  name: 'GetDataEndpoint',
  parse: (input) => parseEnum(input, 'APIName', API_NAMES),
  run: (_stream, _input, _services, { baseUrl }) => ({ DataEndpoint: baseUrl }),
})
