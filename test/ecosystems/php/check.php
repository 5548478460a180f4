<?php
// What the programs beside this file share.

/** Ends the program if a value is not the one that was expected. */
function equal(mixed $got, mixed $expected): void
{
    if ($got === $expected) return;
    $line = debug_backtrace()[0]['line'];
    fwrite(STDERR, "line $line: expected " . var_export($expected, true) . ', got ' . var_export($got, true) . "\n");
    exit(1);
}

$port = (int) $argv[1];
