/** The element at the index. Throws if there is none, because a default would hide a broken invariant. */
export function at<Value>(array: ArrayLike<Value>, index: number): Value {
  const value = array[index]
  if (value === undefined) throw new RangeError(`no element at index ${index} (length ${array.length})`)
  return value
}
