/** @module A difficulty for people: a power of two as one, because 2 to the −12 says more than 0.00024. */
import {difficultyExponent, difficultyText} from './texts';

export function Difficulty({value}: {readonly value: number}) {
  const exponent = difficultyExponent(value);
  if (exponent === undefined) return <>{difficultyText(value)}</>;
  return <span title={value.toPrecision(4)}>2<sup>{exponent < 0 ? `\u2212${-exponent}` : exponent}</sup></span>;
}
