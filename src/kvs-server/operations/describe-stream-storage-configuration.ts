import type { StreamSelector } from '../archive/stream-table.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream } from '../stream-checks.js'
import { parseStreamSelector } from '../wire/stream-selector.js'

/** The tier is kept and told; media lies on the same disk in either. */
export const describeStreamStorageConfiguration: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'DescribeStreamStorageConfiguration',
  parse: parseStreamSelector,
  run(selector, { streams }) {
    const { id, arn, name } = getStream(streams, selector)
    return { StreamARN: arn, StreamName: name, StreamStorageConfiguration: { DefaultStorageTier: streams.storageTier(id) } }
  },
}
