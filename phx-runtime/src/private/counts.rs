//! The numbers of arguments that callbacks have.

/// Calls `$calls!` with a row for each number of arguments that are found in a context: the name of
/// the method that takes these alone, of the one that also takes what arrived, and the arguments.
macro_rules! each_count {
    ($calls:ident) => {
        // `phx-macros` knows how many there are: `MOST_ARGUMENTS`.
        $calls! {
            call_0 receive_1()
            call_1 receive_2(a: A)
            call_2 receive_3(a: A, b: B)
            call_3 receive_4(a: A, b: B, c: C)
            call_4 receive_5(a: A, b: B, c: C, d: D)
            call_5 receive_6(a: A, b: B, c: C, d: D, e: E)
            call_6 receive_7(a: A, b: B, c: C, d: D, e: E, f: F)
            call_7 receive_8(a: A, b: B, c: C, d: D, e: E, f: F, g: G)
            call_8 receive_9(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H)
            call_9 receive_10(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I)
            call_10 receive_11(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J)
            call_11 receive_12(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K)
            call_12 receive_13(
                a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L
            )
        }
    };
}
pub(super) use each_count;
