import { MAX_RETENTION_HOURS, parseCurrentVersion } from '../wire/stream-info.js'
import { parseEnum, parseInteger, refuse } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { requireVersion } from './stream-checks.js'
import { streamOperation } from './stream-operation.js'

export const updateDataRetention = streamOperation({
  name: 'UpdateDataRetention',
  parse(input) {
    const operation = parseEnum(input, 'Operation', ['INCREASE_DATA_RETENTION', 'DECREASE_DATA_RETENTION'])
    const hours = parseInteger(input, 'DataRetentionChangeInHours', { min: 1, max: MAX_RETENTION_HOURS })
    return { version: parseCurrentVersion(input), changeInHours: operation === 'INCREASE_DATA_RETENTION' ? hours : -hours }
  },
  run(stream, { version, changeInHours }, { streams, archive, diskReserve }: Pick<KvsServices, 'streams' | 'archive' | 'diskReserve'>) {
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
})
