import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import type { StreamSelector } from '../wire/stream-selector.js'
import { parseTaggedResource, parseTagList } from '../wire/tag-input.js'

interface Input {
  readonly selector: StreamSelector
  readonly tags: ReadonlyMap<string, string>
}

/** Tags come as a list here, and as a map in TagStream. */
export const tagResource: Operation<Input, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'TagResource',
  parse: (input) => ({ selector: parseTaggedResource(input), tags: parseTagList(input) }),
  run({ selector, tags }, services) {
    services.tags.put(services.streams.get(selector).id, tags)
    return {}
  },
}
