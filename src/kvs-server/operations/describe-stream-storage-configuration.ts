import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

/** The tier is stored and returned. Media is on the same disk in both tiers. */
export const describeStreamStorageConfiguration = streamOperation({
  name: 'DescribeStreamStorageConfiguration',
  parse: () => null,
  run: ({ id, arn, name }, _input, { streams }: Pick<KvsServices, 'streams'>) => ({
    StreamARN: arn,
    StreamName: name,
    StreamStorageConfiguration: { DefaultStorageTier: streams.storageTier(id) },
  }),
})
