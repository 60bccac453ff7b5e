import { parseCurrentVersion } from '../wire/stream-info.js'
import { parseEnum, parseStructure } from '../wire/wire-input.js'
import { STORAGE_TIERS } from './create-stream.js'
import type { KvsServices } from './kvs-services.js'
import { requireVersion } from './stream-checks.js'
import { streamOperation } from './stream-operation.js'

export const updateStreamStorageConfiguration = streamOperation({
  name: 'UpdateStreamStorageConfiguration',
  parse: (input) => ({
    version: parseCurrentVersion(input),
    storageTier: parseEnum(parseStructure(input, 'StreamStorageConfiguration'), 'DefaultStorageTier', STORAGE_TIERS),
  }),
  run(stream, { version, storageTier }, { streams }: Pick<KvsServices, 'streams'>) {
    requireVersion(stream, version)
    streams.update(stream, { storageTier })
    return {}
  },
})
