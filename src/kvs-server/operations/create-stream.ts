import type { NewStream, StorageTier } from '../archive/stream-table.js'
import { STREAMS_PER_ACCOUNT } from '../quotas/quotas.js'
import { AwsException } from '../wire/aws-exception.js'
import type { Operation } from '../wire/operation.js'
import { STREAM_NAME } from '../wire/selectors.js'
import { DEVICE_NAME, MAX_RETENTION_HOURS, MEDIA_TYPE } from '../wire/stream-info.js'
import { parseOptionalTagMap } from '../wire/tag-input.js'
import {
  parseEnum,
  parseOptionalInteger,
  parseOptionalString,
  parseOptionalStructure,
  parseString,
  type WireInput,
} from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { putTags } from './stream-checks.js'

interface Input {
  readonly stream: NewStream
  readonly tags: ReadonlyMap<string, string>
}

export const STORAGE_TIERS = ['HOT', 'WARM'] as const

export const createStream: Operation<Input, Pick<KvsServices, 'streams' | 'tags' | 'quotas' | 'inTransaction'>> = {
  name: 'CreateStream',
  parse: (input) => ({
    stream: {
      name: parseString(input, 'StreamName', STREAM_NAME),
      deviceName: parseOptionalString(input, 'DeviceName', DEVICE_NAME),
      mediaType: parseOptionalString(input, 'MediaType', MEDIA_TYPE),
      kmsKeyId: parseOptionalString(input, 'KmsKeyId', { min: 1, max: 2048 }),
      dataRetentionInHours: parseOptionalInteger(input, 'DataRetentionInHours', { min: 0, max: MAX_RETENTION_HOURS }) ?? 0,
      storageTier: parseStorageTier(input),
    },
    tags: parseOptionalTagMap(input),
  }),
  run({ stream, tags }, services) {
    if (services.quotas.enabled && services.streams.count() >= STREAMS_PER_ACCOUNT) {
      throw new AwsException('AccountStreamLimitExceededException', `The account has ${STREAMS_PER_ACCOUNT} streams, which is the limit`)
    }
    return services.inTransaction(() => {
      const created = services.streams.create(stream)
      if (created === null) throw new AwsException('ResourceInUseException', `The stream ${stream.name} already exists.`)
      putTags(services.tags, created.id, tags)
      return { StreamARN: created.arn }
    })
  },
}

function parseStorageTier(input: WireInput): StorageTier {
  const configuration = parseOptionalStructure(input, 'StreamStorageConfiguration')
  return configuration === null ? 'HOT' : parseEnum(configuration, 'DefaultStorageTier', STORAGE_TIERS)
}
