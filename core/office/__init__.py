"""What traders, drivers and officers ask of the core: cargo, bundles, holds, and the socket they ask over."""
