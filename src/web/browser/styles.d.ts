/** @module Style sheets that the bundler takes along; they have no value. */
declare module '*.css';
