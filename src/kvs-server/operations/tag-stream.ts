import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseTaggedStream, parseTagMap } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream, putTags } from './stream-checks.js'

interface Input {
  readonly selector: StreamSelector
  readonly tags: ReadonlyMap<string, string>
}

/** Tags are a map here, and a list in TagResource. */
export const tagStream: Operation<Input, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'TagStream',
  parse: (input) => ({ selector: parseTaggedStream(input), tags: parseTagMap(input) }),
  run({ selector, tags }, services) {
    putTags(services.tags, getStream(services.streams, selector).id, tags)
    return {}
  },
}
