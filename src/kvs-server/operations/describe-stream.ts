import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { toStreamInfo } from '../wire/stream-info.js'
import { parseStreamSelector, type StreamSelector } from '../wire/stream-selector.js'

export const describeStream: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'DescribeStream',
  parse: parseStreamSelector,
  run: (selector, { streams }) => ({ StreamInfo: toStreamInfo(streams.get(selector)) }),
}
