//! The allocator of the whole process, chosen in this file and nowhere else.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
