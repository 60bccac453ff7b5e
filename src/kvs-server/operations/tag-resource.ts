import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseTaggedResource, parseTagList } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream, putTags } from './stream-checks.js'

interface Input {
  readonly selector: StreamSelector
  readonly tags: ReadonlyMap<string, string>
}

/** Tags are a list here, and a map in TagStream. */
export const tagResource: Operation<Input, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'TagResource',
  parse: (input) => ({ selector: parseTaggedResource(input), tags: parseTagList(input) }),
  run({ selector, tags }, services) {
    putTags(services.tags, getStream(services.streams, selector).id, tags)
    return {}
  },
}
