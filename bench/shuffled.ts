/** Returns the numbers from 0 to `length` - 1 in random order (Fisher–Yates). */
export function shuffled(length: number): Int32Array {
  const numbers = Int32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    const number = numbers[last];
    numbers[last] = numbers[other];
    numbers[other] = number;
  }
  return numbers;
}
