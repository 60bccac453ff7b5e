import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { toStreamInfo } from '../wire/stream-info.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

export const describeStream: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'DescribeStream',
  parse: parseStreamSelector,
  run: (selector, { streams }) => ({ StreamInfo: toStreamInfo(getStream(streams, selector)) }),
}
