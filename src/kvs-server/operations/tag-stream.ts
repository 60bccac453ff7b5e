import type { StreamSelector } from '../archive/stream-table.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream, putTags } from '../stream-checks.js'
import { parseTaggedStream, parseTagMap } from '../wire/tag-input.js'

interface Input {
  readonly selector: StreamSelector
  readonly tags: ReadonlyMap<string, string>
}

/** Tags come as a map here, and as a list in TagResource. */
export const tagStream: Operation<Input, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'TagStream',
  parse: (input) => ({ selector: parseTaggedStream(input), tags: parseTagMap(input) }),
  run({ selector, tags }, services) {
    putTags(services.tags, getStream(services.streams, selector).id, tags)
    return {}
  },
}
