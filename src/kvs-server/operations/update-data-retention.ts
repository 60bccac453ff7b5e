import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { MAX_RETENTION_HOURS, parseCurrentVersion } from '../wire/stream-info.js'
import { parseEnum, parseInteger, refuse } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream, requireVersion } from './stream-checks.js'

interface Input {
  readonly selector: StreamSelector
  readonly version: string
  /** Negative for a decrease. */
  readonly changeInHours: number
}

const OPERATIONS = ['INCREASE_DATA_RETENTION', 'DECREASE_DATA_RETENTION'] as const

export const updateDataRetention: Operation<Input, Pick<KvsServices, 'streams' | 'archive' | 'diskReserve'>> = {
  name: 'UpdateDataRetention',
  parse(input) {
    const operation = parseEnum(input, 'Operation', OPERATIONS)
    const hours = parseInteger(input, 'DataRetentionChangeInHours', { min: 1, max: MAX_RETENTION_HOURS })
    return {
      selector: parseStreamSelector(input),
      version: parseCurrentVersion(input),
      changeInHours: operation === 'INCREASE_DATA_RETENTION' ? hours : -hours,
    }
  },
  run({ selector, version, changeInHours }, { streams, archive, diskReserve }) {
    const stream = getStream(streams, selector)
    requireVersion(stream, version)
    const dataRetentionInHours = stream.dataRetentionInHours + changeInHours
    if (dataRetentionInHours < 0 || dataRetentionInHours > MAX_RETENTION_HOURS) {
      refuse('DataRetentionChangeInHours', `a change that leaves 0 to ${MAX_RETENTION_HOURS} hours`, `${dataRetentionInHours} hours`)
    }
    const change = () => streams.update(stream, { dataRetentionInHours })
    if (changeInHours < 0) diskReserve.spend(change)
    else change()
    // After a decrease, expired footage can no longer be read. Its files are removed in the background.
    archive.sweepSoon()
    return {}
  },
}
