import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { parseEnum } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

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
export const getDataEndpoint: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'GetDataEndpoint',
  parse(input) {
    parseEnum(input, 'APIName', API_NAMES)
    return parseStreamSelector(input)
  },
  run(selector, { streams }, { baseUrl }) {
    getStream(streams, selector)
    return { DataEndpoint: baseUrl }
  },
}
