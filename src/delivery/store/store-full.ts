/** There is no room for a part: everything in the store is in use, or the disk is full. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull'
}
