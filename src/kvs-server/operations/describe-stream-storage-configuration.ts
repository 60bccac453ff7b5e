import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { parseStreamSelector, type StreamSelector } from '../wire/stream-selector.js'

/** The tier is kept and told; media lies on the same disk in either. */
export const describeStreamStorageConfiguration: Operation<StreamSelector, Pick<KvsServices, 'streams'>> = {
  name: 'DescribeStreamStorageConfiguration',
  parse: parseStreamSelector,
  run(selector, { streams }) {
    const { id, arn, name } = streams.get(selector)
    return { StreamARN: arn, StreamName: name, StreamStorageConfiguration: { DefaultStorageTier: streams.storageTier(id) } }
  },
}
