import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseTaggedStream, parseTagKeys } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

interface Input {
  readonly selector: StreamSelector
  readonly keys: readonly string[]
}

export const untagStream: Operation<Input, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'UntagStream',
  parse: (input) => ({ selector: parseTaggedStream(input), keys: parseTagKeys(input) }),
  run({ selector, keys }, { streams, tags }) {
    tags.remove(getStream(streams, selector).id, keys)
    return {}
  },
}
