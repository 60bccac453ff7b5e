import type { StreamSelector } from '../archive/stream-table.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream } from '../stream-checks.js'
import { toStreamInfo } from '../wire/stream-info.js'
import { parseStreamSelector } from '../wire/stream-selector.js'

export const describeStream: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'DescribeStream',
  parse: parseStreamSelector,
  run: (selector, { streams }) => ({ StreamInfo: toStreamInfo(getStream(streams, selector)) }),
}
