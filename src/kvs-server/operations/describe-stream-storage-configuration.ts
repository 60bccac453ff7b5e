import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

/** The tier is stored and returned. Media is on the same disk in both tiers. */
export const describeStreamStorageConfiguration: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'DescribeStreamStorageConfiguration',
  parse: parseStreamSelector,
  run(selector, { streams }) {
    const { id, arn, name } = getStream(streams, selector)
    return { StreamARN: arn, StreamName: name, StreamStorageConfiguration: { DefaultStorageTier: streams.storageTier(id) } }
  },
}
