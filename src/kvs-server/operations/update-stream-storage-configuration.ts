import type { StorageTier, StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { parseCurrentVersion } from '../wire/stream-info.js'
import { parseEnum, parseStructure } from '../wire/wire-input.js'
import { STORAGE_TIERS } from './create-stream.js'
import type { KvsServices } from './kvs-services.js'
import { getStream, requireVersion } from './stream-checks.js'

interface Input {
  readonly selector: StreamSelector
  readonly version: string
  readonly storageTier: StorageTier
}

export const updateStreamStorageConfiguration: Operation<Input, Pick<KvsServices, 'streams'>> = {
  name: 'UpdateStreamStorageConfiguration',
  parse: (input) => ({
    selector: parseStreamSelector(input),
    version: parseCurrentVersion(input),
    storageTier: parseEnum(parseStructure(input, 'StreamStorageConfiguration'), 'DefaultStorageTier', STORAGE_TIERS),
  }),
  run({ selector, version, storageTier }, { streams }) {
    const stream = getStream(streams, selector)
    requireVersion(stream, version)
    streams.update(stream, { storageTier })
    return {}
  },
}
