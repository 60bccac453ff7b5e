import { describe, expect, test } from '@jest/globals'
import { HeldValues } from '../../src/lib/held-values.js'

class Door {
  isClosed = false
  close(): void {
    this.isClosed = true
  }
}

describe('A held value', () => {
  test('is created once, and closed when its last holder releases it', () => {
    const doors = new HeldValues<Door>()
    const [first, second] = [doors.hold('a', () => new Door()), doors.hold('a', () => new Door())]
    expect([first.isNew, second.isNew, second.value === first.value]).toEqual([true, false, true])
    first.release()
    first.release()
    expect(first.value.isClosed).toBe(false)
    expect(doors.get('a')).toBe(first.value)
    second.release()
    expect(first.value.isClosed).toBe(true)
    expect([doors.get('a'), doors.values]).toEqual([undefined, []])
  })

  test('stays with its holders after it is forgotten, while the next hold creates another one', () => {
    const doors = new HeldValues<Door>()
    const old = doors.hold('a', () => new Door())
    doors.forget('a')
    const next = doors.hold('a', () => new Door())
    expect(next.value).not.toBe(old.value)
    doors.forget('a', old.value)
    old.release()
    expect([old.value.isClosed, next.value.isClosed, doors.get('a')]).toEqual([true, false, next.value])
  })
})
